"""Each role's start page, made of panels the features register."""
