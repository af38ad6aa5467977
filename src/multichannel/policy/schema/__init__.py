"""What policies can refer to: actions, roles, principals, resources and their facts.

`vocabulary` has actions, roles and principals, `resources` the resource types, `facts` their facts. Imports
only `domain`. Start with `vocabulary.py`.
"""
