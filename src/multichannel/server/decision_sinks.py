"""The decision sinks that the settings ask for: the decision log and the shadow policy."""

from __future__ import annotations

import secrets

from multichannel.decision_log.background_worker import BackgroundWorker
from multichannel.decision_log.log_file import DecisionLog, LineFile
from multichannel.server.shadow_policy import CandidateFolder, ShadowPolicy, to_file, to_log
from multichannel.settings import Settings
from multichannel.store.store import Store


def check_log_files(settings: Settings) -> None:
    """Misconfigured if a log that the settings name cannot be written."""
    for path in (settings.decision_log, settings.shadow_log if settings.shadow_dir else None):
        if path is not None:
            LineFile(path).close()


def open_sinks(settings: Settings, store: Store) -> tuple[BackgroundWorker, ...]:
    """The sinks for the decisions of a store; each works while it is entered."""
    sinks: list[BackgroundWorker] = []
    key = settings.decision_key.get_secret_value() if settings.decision_key else secrets.token_hex()
    if settings.decision_log is not None:
        sinks.append(DecisionLog(settings.decision_log, key, sample=settings.decision_sample))
    if settings.shadow_dir is not None:
        report = to_log if settings.shadow_log is None else to_file(settings.shadow_log)
        candidate = CandidateFolder(settings.shadow_dir)
        sinks.append(ShadowPolicy(candidate, store, key, report, sample=settings.shadow_sample))
    return tuple(sinks)
