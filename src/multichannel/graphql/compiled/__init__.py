"""Compiled execution: a query is answered by one SQL statement, whose text is the response.

`plan` reads a document once, `arguments` the values of a request, `selecting` what they select, `denials`
writes the errors of denied fields, `compiled_execution` ties them together. What a plan does not cover, the
interpreter in `execution` answers. Imports `framework` and `store.compiled`.
"""
