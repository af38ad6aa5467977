pytest_plugins = [
    "tests.temporary",
    "tests.memory",
    "tests.postgres",
    "tests.databases",
    "tests.chromium",
    "tests.world",
    "tests.serving",
    "tests.streams",
    "tests.oidc.provider",
    "tests.browser.people",
]
