#pragma once
#include <string_view>

namespace codi::coordination {

/// True for an absolute http or https address (RFC 3986) with a host, and without user, password, query and fragment:
/// what may be the address of a git-lfs server, and stand in a header field as it is.
bool valid_lfs_url(std::string_view url);

}  // namespace codi::coordination
