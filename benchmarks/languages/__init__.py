"""What a signature costs in other languages, and with Python's other libraries: programs that are given one folder.

In the folder is ``cases.tsv``: first the four credentials, then a case to a line (name, method, URL, how many calls to
time, signature method), with tabs between them; ``NAME.form`` is a case's form, and ``rsa.pem`` the RSA key. A program
prints ``version`` and its version, and for each case that it can sign its name, the microseconds of processor time
that a signature took (the least of some turns), and one of its ``Authorization`` headers, which is verified.

Time is taken from the request as the program has it to the header; fields of forms are there already in whatever the
library takes. A program that is not installed, or that a case fails in, is named as such.
"""
