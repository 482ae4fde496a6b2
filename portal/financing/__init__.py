"""Credit products that banks post and the applications enterprises send to them. An application is read by that bank and that enterprise alone."""
