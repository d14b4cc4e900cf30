// Carries the precompiled header: a target without sources cannot.
