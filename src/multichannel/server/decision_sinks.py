"""Who listens to the decisions of a service, by its settings: the decision log, and a shadow policy."""

from __future__ import annotations

import secrets

from multichannel.decision_log.background_worker import BackgroundWorker
from multichannel.decision_log.log_file import DecisionLog, LineFile
from multichannel.server.shadow_policy import CandidateFolder, ShadowPolicy, to_file, to_log
from multichannel.settings import Settings
from multichannel.store.store import Store


def check_log_files(settings: Settings) -> None:
    """Misconfigured where a log that the settings name cannot be written."""
    for path in (settings.decision_log, settings.shadow_log if settings.shadow_dir else None):
        if path is not None:
            LineFile(path).close()


def open_sinks(settings: Settings, store: Store) -> tuple[BackgroundWorker, ...]:
    """Those who listen to the decisions of a store, mostly none; each handles them while it is entered."""
    found: list[BackgroundWorker] = []
    key = settings.decision_key.get_secret_value() if settings.decision_key else secrets.token_hex()
    if settings.decision_log is not None:
        found.append(DecisionLog(settings.decision_log, key, sample=settings.decision_sample))
    if settings.shadow_dir is not None:
        tell = to_log if settings.shadow_log is None else to_file(settings.shadow_log)
        found.append(
            ShadowPolicy(
                CandidateFolder(settings.shadow_dir), store, key, tell, sample=settings.shadow_sample
            )
        )
    return tuple(found)
