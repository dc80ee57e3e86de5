"""Finding what is sensitive in a text: identifiers, secrets, names, and what grade that makes.

`engine` is the entry; `service` and `client` put it into processes of its own; `guard` is its small sibling that reads
answers inside the data worker.
"""
