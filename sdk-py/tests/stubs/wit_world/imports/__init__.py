"""In place of the imported interfaces."""
