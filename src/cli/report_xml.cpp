#include "cli/report_files.hpp"
#include "models/role_limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <pugixml.hpp>

namespace codi::cli {
namespace {

std::size_t line_at(std::string_view text, std::ptrdiff_t offset) {
  auto const before = text.substr(0, static_cast<std::size_t>(std::max<std::ptrdiff_t>(offset, 0)));
  return static_cast<std::size_t>(std::ranges::count(before, '\n')) + 1;
}

/// Visits every element, without recursion; ends where it gets too deep.
class Walk : public pugi::xml_tree_walker {
 public:
  bool is_too_deep = false;

 protected:
  virtual void visit(pugi::xml_node node) = 0;

 private:
  bool for_each(pugi::xml_node& node) override {
    is_too_deep = static_cast<std::size_t>(depth()) > limits::kReportFileDepth;
    if (!is_too_deep) visit(node);
    return !is_too_deep;
  }
};

// The document, parsed; no entity but the five of XML is known, and no file is read.
FileResult<void> parse(pugi::xml_document& document, std::string_view text, Walk& walk) {
  auto const parsed = document.load_buffer(text.data(), text.size());
  if (!parsed)
    return file_trouble(fmt::format("is not well-formed XML: {}", parsed.description()), line_at(text, parsed.offset));
  document.traverse(walk);
  if (walk.is_too_deep)
    return file_trouble(fmt::format("has elements that are nested more than {} deep", limits::kReportFileDepth));
  return {};
}

// An attribute's number; nothing where it is missing.
FileResult<std::optional<double>> number_of(pugi::xml_node node, char const* name) {
  auto const attribute = node.attribute(name);
  if (!attribute) return std::nullopt;
  auto const value = measured_number(attribute.value());
  if (!value) return file_trouble(fmt::format("{} of <{}> is not a number", name, node.name()));
  return value;
}

/// Only to find what is too deep.
class Look final : public Walk {
  void visit(pugi::xml_node) override {}
};

class Cases final : public Walk {
 public:
  double tests = 0;
  double failures = 0;
  double skipped = 0;

 private:
  void visit(pugi::xml_node node) override {
    if (std::string_view(node.name()) != "testcase") return;
    ++tests;
    auto const has = [&](char const* name) { return !node.child(name).empty(); };
    if (has("failure") || has("error"))
      ++failures;
    else if (has("skipped"))
      ++skipped;
  }
};

// From how many are covered of how many; else from the rate, which can't be added up.
FileResult<void> take_share(FileMeasures& out, std::string const& measure, pugi::xml_node root, char const* covered,
                            char const* valid, char const* rate) {
  auto const read_hit = number_of(root, covered);
  auto const read_found = number_of(root, valid);
  auto const read_share = number_of(root, rate);
  if (!read_hit) return std::unexpected(read_hit.error());
  if (!read_found) return std::unexpected(read_found.error());
  if (!read_share) return std::unexpected(read_share.error());
  auto const& hit = *read_hit;
  auto const& found = *read_found;
  auto const& share = *read_share;
  if (hit && found) {
    if (*hit > *found) return file_trouble(fmt::format("{} is more than {}", covered, valid));
    if (*found > 0) out.shares[measure] = {*hit, *found};
  } else if (share) {
    if (*share > 1) return file_trouble(fmt::format("{} is more than 1", rate));
    out.values[measure] = 100 * *share;
  }
  return {};
}

}  // namespace

FileResult<FileMeasures> read_cobertura(std::string_view text) {
  pugi::xml_document document;
  Look look;
  if (auto const parsed = parse(document, text, look); !parsed) return std::unexpected(parsed.error());
  auto const root = document.document_element();
  if (std::string_view(root.name()) != "coverage")
    return file_trouble(fmt::format("is no Cobertura report: its root is <{}>, not <coverage>", root.name()));
  FileMeasures out;
  auto done = take_share(out, "coverage", root, "lines-covered", "lines-valid", "line-rate");
  if (done) done = take_share(out, "branch_coverage", root, "branches-covered", "branches-valid", "branch-rate");
  if (!done) return std::unexpected(done.error());
  return out;
}

FileResult<FileMeasures> read_junit(std::string_view text) {
  pugi::xml_document document;
  Cases cases;
  if (auto const parsed = parse(document, text, cases); !parsed) return std::unexpected(parsed.error());
  auto const root = document.document_element();
  std::string_view const name = root.name();
  if (name != "testsuites" && name != "testsuite")
    return file_trouble(fmt::format("is no JUnit report: its root is <{}>, not <testsuites>", name));
  return FileMeasures{
      .counts = {{"tests", cases.tests}, {"test_failures", cases.failures}, {"tests_skipped", cases.skipped}}};
}

}  // namespace codi::cli
