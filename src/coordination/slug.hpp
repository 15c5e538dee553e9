#pragma once
#include <string>
#include <string_view>

namespace codi::coordination {

/// A slug is `[a-z0-9]`, or begins and ends so with `[a-z0-9._-]` between, 1 to limits::kSlugBytes long: it stands in
/// addresses as it is. One that reads as a UUID is no slug, because `{project}` and `{tenant}` take a slug or an id.
bool valid_slug(std::string_view slug);

/// A slug from any text of people: accents dropped, case folded, ASCII letters and digits kept, each run of anything
/// else one
/// `-`; `tenant` when nothing is left. The caller makes it unique.
std::string make_slug(std::string_view name);

/// A git remote as `host/path`, the same for every way to write one repository: scheme, user, password, default port,
/// `.git`, slashes at the end and the host's case are gone (`git@GitHub.com:acme/api.git` and
/// `https://github.com/acme/api` are `github.com/acme/api`). Another port is kept. A local path or `file://` address
/// stays a path. "" when nothing is left.
std::string normalize_remote_url(std::string_view url);

/// The slug of a project from its remote: the last one of its normalised path (`api`), made a slug; `project` when
/// there is none.
std::string slug_from_remote_url(std::string_view url);

}  // namespace codi::coordination
