"""The text of files that a call carries: documents, tables, mails, archives, and pictures where OCR is on.

`reader.read` knows the kinds; `sandbox` runs it in a process that is made for one file and may do nothing but compute.
"""
