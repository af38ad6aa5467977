from multichannel.startup import *  # noqa: F403
