"""The enterprise database: enterprises, facts with source and date, profile sections with an audience. Register companies are not board members."""
