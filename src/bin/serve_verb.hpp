#pragma once
#include "cli/verb.hpp"

namespace codi {

/// `codi serve` as the command line lists, completes and explains it. Running it is the gateway's.
cli::Verb serve_verb();

}  // namespace codi
