#include "base/text.hpp"
#include "cli/files.hpp"
#include "cli/gate_words.hpp"
#include "cli/generic.hpp"
#include "cli/json_access.hpp"
#include "cli/report_files.hpp"
#include "cli/role_files.hpp"
#include "cli/verbs.hpp"
#include "models/role_limits.hpp"
#include "roles/measure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

namespace codi::cli {
namespace {

namespace fs = std::filesystem;

struct NamedFormat {
  std::string_view option;
  ReportFormat format;
  std::string_view doc;
};
constexpr std::array kFormats{
    NamedFormat{"lcov", ReportFormat::lcov, "Tracefile of lcov: coverage, branch_coverage, function_coverage."},
    NamedFormat{"cobertura", ReportFormat::cobertura, "Cobertura report (XML): coverage, branch_coverage."},
    NamedFormat{"junit", ReportFormat::junit, "JUnit report (XML): tests, test_failures, tests_skipped."},
    NamedFormat{"sarif", ReportFormat::sarif,
                "SARIF log: lint_findings, warnings, errors, and those of each tool, such as clippy_warnings."},
    NamedFormat{"k6", ReportFormat::k6, "Summary of k6 (JSON): p95_ms and others, error_rate, requests_per_second."},
    NamedFormat{"wrk", ReportFormat::wrk, "What wrk or wrk2 printed: the same."},
};

/// Gathers the measures of one report out of what was typed.
class Gathering {
 public:
  explicit Gathering(Context& context) : context_(context) {}

  Outcome<std::map<std::string, double>> run(Arguments const& arguments) {
    for (auto const& [option, format, doc] : kFormats)
      for (auto const& file : arguments.all(std::string(option)))
        if (auto done = read(file, format); !done) return pass_on(done);
    for (auto const& typed : arguments.all("MEASURE")) {
      auto done = typed.find('=') == std::string::npos ? read(typed, std::nullopt) : take(typed);
      if (!done) return pass_on(done);
    }
    auto all = files_.all();
    for (auto const& [name, value] : typed_)
      if (!all.emplace(name, value).second)
        return complain(Exit::usage, fmt::format("{} stands in a file and is typed too", printable(name)));
    if (all.empty())
      return complain(Exit::usage, "there is nothing to report",
                      {"Name measures (`codi report coverage=92.5`) or files of tools (`codi report lcov.info`)."});
    return all;
  }

 private:
  Outcome<> take(std::string_view typed) {
    auto const cut = typed.find('=');
    auto const name = trim(typed.substr(0, cut));
    auto const number = json_of({.take = Take::number}, trim(typed.substr(cut + 1)));
    if (name.empty() || !number)
      return complain(Exit::usage, fmt::format("{} is no measure", printable(typed)),
                      {"Write its name, `=` and a number: coverage=92.5"});
    auto spelt = roles::measure_name(name);
    if (spelt.empty()) spelt = name;  // the server says what is wrong with it
    if (!typed_.emplace(spelt, number->to_number<double>()).second)
      return complain(Exit::usage, fmt::format("{} is typed twice", printable(spelt)));
    return {};
  }

  Outcome<> read(std::string const& typed, std::optional<ReportFormat> format) {
    auto const path = context_.shell().directory / typed;
    if (fs::is_directory(path)) return complain(Exit::usage, fmt::format("{} is a folder", printable(typed)));
    std::error_code none;
    auto const size = fs::file_size(path, none);
    if (!none && size > limits::kReportFileBytes)
      return complain(Exit::failed, fmt::format("{} has {} bytes, and {} are read at most", printable(typed), size,
                                                limits::kReportFileBytes));
    auto const text = read_file(path);
    if (!text)
      return complain(Exit::usage, fmt::format("there is no file {}", printable(typed)),
                      {"A measure is written with its value: coverage=92.5"});
    if (!format) format = format_of(*text);
    if (!format)
      return complain(Exit::failed, fmt::format("what {} is can't be told from its beginning", printable(typed)),
                      {"Say it: --lcov, --cobertura, --junit, --sarif, --k6 or --wrk."});
    auto const measures = read_report(*format, *text);
    if (!measures) {
      auto const& [line, message] = measures.error();
      auto const number = line ? std::optional(static_cast<std::int64_t>(*line)) : std::nullopt;
      return complain(Exit::failed, located(typed, number, message));
    }
    if (auto const twice = files_.add(*measures))
      return complain(Exit::usage,
                      fmt::format("{} says {}, which another file says too", printable(typed), printable(*twice)));
    return {};
  }

  Context& context_;
  FileMeasures files_;
  std::map<std::string, double> typed_;
};

void print_gates(Context const& context, json::array const& gates) {
  Table table({"ROLE", "GATE", "MEASURE", "VALUE", "WANTED", "", "BRANCH", "MEASURED"});
  for (auto const& gate : gates) {
    auto const* const at = member_of(gate, "measured_at");
    table.add({{printable(text_of(gate, "role")), Tone::bold},
               {shorten(printable(text_of(gate, "name")), 40)},
               {printable(text_of(gate, "measure"))},
               {number_of(gate, "value")},
               {wanted_of(gate)},
               verdict_of(gate),
               {printable(text_of(gate, "branch"))},
               {at == nullptr ? "" : shown_member(*at, "measured_at", context.now())}});
  }
  table.print(context.shell().out, context.out_style());
}

// With --check a failed gate is a failed command.
Outcome<> judged(Arguments const& arguments, json::array const& gates) {
  auto const failed = std::ranges::count_if(gates, [](json::value const& gate) { return is(gate, "passed", false); });
  if (!arguments.has("check") || failed == 0) return {};
  return complain(Exit::refused, fmt::format("{} failed", failed == 1 ? "a gate" : fmt::format("{} gates", failed)));
}

void print_delegations(Context const& context, json::value const& report) {
  for (auto const& delegation : items_of(report, "delegations")) {
    auto const* const trigger = member_of(delegation, "trigger");
    auto const when = trigger == nullptr ? std::string() : printable(text_of(*trigger, "when"));
    bool const escalates = trigger != nullptr && text_of(*trigger, "kind") == "escalate";
    context.shell().out << fmt::format("{} to {}: {}  {}\n", escalates ? "escalated" : "delegated",
                                       printable(text_of(delegation, "to_role")), when,
                                       text_of(delegation, "handoff_id"));
  }
}

// Who reports, and what was measured: the session of this place with its branch, else what git says.
Outcome<> name_source(Context& context, Arguments const& arguments, json::object& members) {
  auto known = context.known_session();
  if (!known) return std::unexpected(known.error());
  auto const session = arguments.has("no-session") ? std::nullopt : *std::move(known);
  if (session) members["session"] = *session;
  auto const& looked = context.repository();
  if (!looked) return std::unexpected(looked.error());
  auto const& repository = *looked;
  for (auto const* const name : {"branch", "commit"})
    if (auto const given = arguments.one(name)) members[name] = *given;
  if (!repository) return {};
  if (auto const& branch = repository->branch; branch && !session && !members.contains("branch"))
    members["branch"] = *branch;
  if (members.contains("commit")) return {};
  auto const head = run_git(context.shell(), repository->root, {"rev-parse", "--verify", "--quiet", "HEAD"});
  if (head && head->status == 0) members["commit"] = trim(head->out);
  return {};
}

Outcome<> report(Context& context, Arguments const& arguments) {
  auto const measures = Gathering(context).run(arguments);
  if (!measures) return std::unexpected(measures.error());
  json::object numbers;
  for (auto const& [name, value] : *measures) numbers[name] = value;
  json::object members{{"measures", std::move(numbers)}};
  if (auto named = name_source(context, arguments, members); !named) return named;
  auto const reply = context.call("create_report", std::move(members));
  if (!reply) return std::unexpected(reply.error());
  auto const& gates = items_of(reply->body, "gates");
  if (context.json()) {
    context.print_json(reply->body);
  } else {
    context.shell().out << "reported";
    if (auto const* const taken = member_of(reply->body, "measures"); taken != nullptr && taken->is_object())
      for (auto const& [name, value] : taken->get_object())
        context.shell().out << "  " << printable(std::string_view(name)) << '=' << compact(value);
    context.shell().out << '\n';
    if (!gates.empty()) print_gates(context, gates);
    print_delegations(context, reply->body);
  }
  return judged(arguments, gates);
}

Outcome<> list_gates(Context& context, std::vector<Option> const& options, Arguments const& arguments) {
  auto members = members_of(options, arguments);
  if (auto const& session = context.flags().session) members["session"] = *session;
  auto const found = context.list("list_gates", std::move(members));
  if (!found) return std::unexpected(found.error());
  auto const& gates = items_of(*found, "items");
  if (context.json())
    context.print_json(*found);
  else if (gates.empty())
    context.note("no role has a gate: `codi roles import FILE...` reads the documents that have them");
  else
    print_gates(context, gates);
  return judged(arguments, gates);
}

Outcome<> pull(Context& context, Arguments const& arguments) {
  auto const place = json_of({.take = Take::integer}, arguments.one("N").value_or(""));
  json::object members{{"name", arguments.one("ROLE").value_or("")}, {"n", place.value_or(nullptr)}};
  if (auto const reason = arguments.one("reason")) members["reason"] = *reason;
  auto const reply = context.act("pull_trigger", std::move(members));
  if (!reply) return std::unexpected(reply.error());
  if (context.json())
    context.print_json(reply->body);
  else
    print_delegations(context, json::object{{"delegations", json::array{reply->body}}});
  return {};
}

Option check_option() { return {.name = "check", .doc = "End with status 3 when a gate failed.", .take = Take::flag}; }

Verb report_verb() {
  Verb out{.words = "report",
           .summary = "Report measurements: gates are judged, and triggers hand work over",
           .description =
               "Measures are typed as NAME=NUMBER or read from files that tools leave behind, whose format is known by "
               "their beginning. The session of this place reports, held to the gates of its role; without one, those "
               "of every role are judged.",
           .options = {{.name = "MEASURE",
                        .doc = "NAME=NUMBER, or a file of lcov, Cobertura, JUnit, SARIF, k6 or wrk.",
                        .positional = true,
                        .many = true,
                        .path = true}},
           .examples = {{"codi report coverage=92.5 p95_ms=87"},
                        {"codi report build/lcov.info build/junit.xml --check"},
                        {"codi report --sarif clippy.sarif --no-session", "in CI, for every role"}},
           .run = &report,
           .covers = {"create_report"}};
  for (auto const& [option, format, doc] : kFormats)
    out.options.push_back({.name = std::string(option), .doc = std::string(doc), .many = true, .path = true});
  out.options.push_back(
      {.name = "commit", .doc = "Commit that was measured; the one that is checked out when missing."});
  out.options.push_back({.name = "branch", .doc = "Branch that was measured; the session's when missing, else git's."});
  out.options.push_back(
      {.name = "no-session", .doc = "Nobody's session reports: every role is judged.", .take = Take::flag});
  out.options.push_back(check_option());
  return out;
}

}  // namespace

std::vector<Verb> report_verbs(Catalog const& catalog) {
  auto const asked = options_of(catalog.at("list_gates"));
  auto gate_options = asked;
  gate_options.push_back(check_option());
  return {
      report_verb(),
      {.words = "gates",
       .summary = "Show the gates of roles, with the latest values",
       .description = "Without --branch and --session the newest value of each measure counts, whatever its branch.",
       .options = gate_options,
       .examples = {{"codi gates"}, {"codi gates --role rust-developer --branch main --check"}},
       .run = [asked](Context& context, Arguments const& arguments) { return list_gates(context, asked, arguments); },
       .covers = {"list_gates"}},
      {.words = "roles pull",
       .summary = "Say that a trigger of the session's role applies: the work is offered to the role it names",
       .options = {{.name = "ROLE", .doc = "Name of the role.", .positional = true, .required = true},
                   {.name = "N",
                    .doc = "Number of the trigger, as `codi roles show` counts them.",
                    .take = Take::integer,
                    .positional = true,
                    .required = true},
                   {.name = "reason", .doc = "What was seen, for who takes the work."}},
       .examples = {{"codi roles pull backend 2 --reason \"the query needs an index\""}},
       .run = &pull,
       .covers = {"pull_trigger"}}};
}

}  // namespace codi::cli
