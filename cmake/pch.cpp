// Carries the shared precompiled header; see cmake/targets.cmake.
