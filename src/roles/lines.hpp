#pragma once
#include "roles/block.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace codi::roles {

/// The text with `\n` at the end of every line, whatever ended it, and without a byte order mark.
std::string with_plain_ends(std::string_view text);

/// A paragraph or an item on one line.
std::string on_one_line(std::string_view text);

/// `1. Write the test` without its number.
std::string_view without_number(std::string_view line);

/// The beginning of a text, for messages.
std::string quoted(std::string_view text);

/// The examples in code whose fences are lost: a comment behind an empty line begins the next one.
std::vector<Block> pieces_of_code(Block const& block);

}  // namespace codi::roles
