#pragma once
#include <string>
#include <vector>

namespace codi::cli {

/// The arguments behind the program's name. The values of options that are secrets (`--token`, `--invite`) are written
/// over where the system keeps them, so that `ps` shows them to other users for a moment only.
std::vector<std::string> take_arguments(int argc, char** argv);

}  // namespace codi::cli
