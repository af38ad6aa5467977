"""Compiled execution: a query is answered by one SQL statement, whose text is the response.

`plan` reads a document once, `arguments` the values of a request; `operations` and `selecting` select what
they ask for. `steps` compute the fields that SQL does not, and `completing` writes their values. `denials`
writes the errors of fields, `compiled_execution` and `compiled_mutations` tie all together. What a plan
does not cover, the interpreter in `execution` answers. Imports `framework` and `store.compiled`.
"""
