#pragma once
#include "reflect/field.hpp"

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace codi::models {

/// One page of a list. `next` is the cursor to ask for the rest with; null at the end.
template <class T>
struct Page {
  std::vector<T> items;
  std::optional<std::string> next;
  BOOST_DESCRIBE_CLASS(Page, (), (items, next), (), ())
};

}  // namespace codi::models

/// A page has no name of its own: its schema stands where it is used.
template <class T>
struct codi::reflect::Fields<codi::models::Page<T>> {
  static constexpr std::string_view name = {};
  static constexpr std::array fields{
      field("items", "The page's items, in the list's order."),
      field("next", "Pass as `after` for the next page; null at the end."),
  };
};
