"""Two versions of a policy compared by what they mean: who may do what, before and after."""
