pytest_plugins = [
    "tests.memory",
    "tests.temporary",
    "tests.postgres",
    "tests.databases",
    "tests.chromium",
    "tests.world",
    "tests.serving",
    "tests.streams",
    "tests.oidc.provider",
    "tests.browser.people",
]
