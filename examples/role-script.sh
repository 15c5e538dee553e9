#!/usr/bin/env bash
# An agent at work in a role, as it tells codi: one session, from its start to the hand-off. Run it in a repository
# while a codi server runs on this machine; watch it with `codi timeline`. The end-to-end tests run it as it stands.
set -euo pipefail

# The session. The N becomes the next free number of the role: RUST-DEVELOPER-SESSION-1, -2, …
export SESSION_ID="RUST-DEVELOPER-SESSION-N"
codi-log "$SESSION_ID: Taking up the endpoints for user accounts" "SESSION_START"

# Before the first edit: nobody else can claim this file while it is held.
codi-log "$SESSION_ID: FILE_CLAIM src/api/users.rs" "FILE_CLAIM"

# On the way. Percentages become numbers that others can filter and plot.
codi-log "$SESSION_ID: Reading and listing accounts works, 50% of the endpoints" "DEVELOPMENT"
codi-log "$SESSION_ID: All tests green, coverage at 96%" "TEST"

# Done. The offer goes to whoever works as qa-reviewer, and the claims move to who accepts it.
codi-log "$SESSION_ID: COMPLETE user accounts can be reviewed" "WORK_COMPLETE"
codi-log "$SESSION_ID: HANDOFF to QA-REVIEWER" "HANDOFF"
