"""In place of the bindings that componentize-py generates."""
