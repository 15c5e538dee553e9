#pragma once
#include <filesystem>

namespace codi {

/// Writes below `folder` what is installed beside the program and comes from its tables: manual pages, completion
/// scripts and an example of a settings file. Returns an exit status; tells on stderr what went wrong.
int write_documents(std::filesystem::path const& folder);

}  // namespace codi
