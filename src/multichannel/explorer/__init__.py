"""The GraphiQL page people try the API in: its npm source, its build and its delivery."""
