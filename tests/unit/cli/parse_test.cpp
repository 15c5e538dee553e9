#include "cli/verbs.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <array>

namespace codi::cli {
namespace {

std::vector<Verb> const& verbs() {
  static std::vector<Verb> const all{
      {.words = "claim",
       .summary = "Claim",
       .options =
           {{.name = "TARGET", .doc = "What.", .positional = true, .many = true, .required = true},
            {.name = "ttl", .doc = "Time.", .take = Take::duration, .member = "ttl_seconds"},
            {.name = "ttl-seconds", .doc = "Time.", .take = Take::integer, .member = "ttl_seconds"},
            {.name = "wait", .doc = "Time.", .take = Take::duration, .bare_value = "60s", .member = "wait_seconds"},
            {.name = "mode", .doc = "Mode.", .choices = {"exclusive", "shared"}, .member = "mode"},
            {.name = "data", .doc = "Data.", .take = Take::json, .many = true, .member = "data"},
            {.name = "share", .doc = "Number.", .take = Take::number, .member = "share"},
            {.name = "quick", .doc = "Quick.", .take = Take::yes_no, .member = "quick"}}},
      {.words = "claim mv",
       .summary = "Move",
       .options = {{.name = "FROM", .doc = "From.", .positional = true},
                   {.name = "TO", .doc = "To.", .positional = true}}},
      {.words = "session list", .summary = "List"},
      {.words = "session start", .summary = "Start"},
      {.words = "concealed", .summary = "Hidden", .hidden = true}};
  return all;
}

Outcome<Command> parse(std::vector<std::string> arguments) { return parse_command(verbs(), std::move(arguments)); }

std::string refusal(std::vector<std::string> arguments) {
  auto const out = parse(std::move(arguments));
  if (out) return "none";
  EXPECT_EQ(out.error().exit, Exit::usage);
  auto text = out.error().what;
  for (auto const& hint : out.error().hints) text += " | " + hint;
  return text;
}

TEST(Parse, finds_verbs_of_several_words_and_their_arguments) {
  auto const claim = parse({"claim", "a", "b", "--ttl", "30m"});
  ASSERT_TRUE(claim);
  EXPECT_EQ(claim->verb->words, "claim");
  EXPECT_EQ(claim->arguments.all("TARGET"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(claim->arguments.one("ttl"), "30m");
  auto const move = parse({"claim", "mv", "x", "y"});
  ASSERT_TRUE(move);
  EXPECT_EQ(move->arguments.one("FROM"), "x");
  EXPECT_EQ(move->arguments.one("TO"), "y");
}

TEST(Parse, options_of_every_verb_may_stand_anywhere) {
  for (auto const& arguments : std::vector<std::vector<std::string>>{{"--json", "--project", "p", "session", "start"},
                                                                     {"session", "--json", "--project", "p", "start"},
                                                                     {"session", "start", "--json", "--project=p"},
                                                                     {"--project=p", "session", "start", "--json"}}) {
    auto const command = parse(arguments);
    ASSERT_TRUE(command);
    EXPECT_EQ(command->verb->words, "session start");
    EXPECT_EQ(command->arguments.one("project"), "p");
    EXPECT_TRUE(command->arguments.has("json"));
  }
}

TEST(Parse, a_group_that_can_be_listed_is_listed_when_it_stands_alone) {
  EXPECT_EQ(parse({"session"})->verb->words, "session list");
  EXPECT_EQ(parse({"session", "--json"})->verb->words, "session list");
  EXPECT_EQ(refusal({"session", "strat"}),
            "codi session has no verb `strat` | Verbs: list start. | See `codi session --help`.");
}

TEST(Parse, an_unknown_verb_lists_those_that_there_are) {
  EXPECT_EQ(refusal({"clam"}), "codi has no verb `clam` | Verbs: claim session. | See `codi --help`.");
  EXPECT_EQ(refusal({"--json"}).substr(0, 17), "codi needs a verb");
}

TEST(Parse, arguments_that_begin_with_a_bracket_stay_whole) {
  auto const command = parse({"claim", "[id]", "[a,b]", "--data", "[1,2]", "--data=[3]"});
  ASSERT_TRUE(command);
  EXPECT_EQ(command->arguments.all("TARGET"), (std::vector<std::string>{"[id]", "[a,b]"}));
  EXPECT_EQ(command->arguments.all("data"), (std::vector<std::string>{"[1,2]", "[3]"}));
}

TEST(Parse, a_repeated_option_does_not_eat_what_follows) {
  auto const command = parse({"claim", "--data", "1", "a", "--data", "2", "b", "--", "--c"});
  ASSERT_TRUE(command);
  EXPECT_EQ(command->arguments.all("TARGET"), (std::vector<std::string>{"a", "b", "--c"}));
  EXPECT_EQ(command->arguments.all("data"), (std::vector<std::string>{"1", "2"}));
}

TEST(Parse, names_of_verbs_are_targets_behind_the_verb) {
  EXPECT_EQ(parse({"claim", "session", "claim"})->arguments.all("TARGET"),
            (std::vector<std::string>{"session", "claim"}));
}

TEST(Parse, a_time_may_be_left_out_where_it_has_a_default) {
  EXPECT_EQ(parse({"claim", "--wait", "a"})->arguments.one("wait"), "60s");
  EXPECT_EQ(parse({"claim", "--wait", "a"})->arguments.all("TARGET"), std::vector<std::string>{"a"});
  EXPECT_EQ(parse({"claim", "a", "--wait"})->arguments.one("wait"), "60s");
  EXPECT_EQ(parse({"claim", "--wait", "5m", "a"})->arguments.one("wait"), "5m");
}

TEST(Parse, checks_what_options_say) {
  EXPECT_TRUE(refusal({"claim"}).starts_with("TARGET is missing"));
  EXPECT_TRUE(refusal({"claim", "a", "--ttl", "soon"}).starts_with("--ttl must be a time such as"));
  EXPECT_TRUE(refusal({"claim", "a", "--ttl-seconds", "1.5"}).starts_with("--ttl-seconds must be a whole number"));
  EXPECT_TRUE(refusal({"claim", "a", "--share", "x"}).starts_with("--share must be a number"));
  EXPECT_TRUE(refusal({"claim", "a", "--share", "inf"}).starts_with("--share must be a number"));
  EXPECT_TRUE(refusal({"claim", "a", "--data", "{"}).starts_with("--data must be JSON"));
  EXPECT_TRUE(refusal({"claim", "a", "--mode", "x"}).starts_with("--mode must be one of exclusive, shared"));
  EXPECT_TRUE(refusal({"claim", "a\xFF"}).starts_with("TARGET is not valid UTF-8"));
  EXPECT_NE(refusal({"claim", "a", "--nope"}).find("--nope"), std::string::npos);
  EXPECT_NE(refusal({"claim", "a", "--ttl"}).find("--ttl needs a value"), std::string::npos);
  EXPECT_NE(refusal({"claim", "a", "--mode", "shared", "--mode", "shared"}), "none");
  EXPECT_NE(refusal({"session", "list", "extra"}), "none");
}

TEST(Parse, options_become_members) {
  auto const command = parse({"claim", "a", "--ttl", "2m", "--mode", "shared", "--data", "1", "--data", "\"x\"",
                              "--share", "0.5", "--no-quick"});
  ASSERT_TRUE(command);
  auto const members = members_of(command->verb->options, command->arguments);
  EXPECT_EQ(json::serialize(members),
            R"({"ttl_seconds":120,"mode":"shared","data":[1,"x"],"share":5E-1,"quick":false})");
  EXPECT_EQ(members_of(command->verb->options, parse({"claim", "a", "--quick"})->arguments).at("quick"), true);
}

// Words as a shell makes them of a line with quotes.
std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> out(1);
  char quote = 0;
  for (char const c : line) {
    if (quote != 0 ? c == quote : c == '"' || c == '\'')
      quote = quote != 0 ? '\0' : c;
    else if (c == ' ' && quote == 0)
      out.emplace_back();
    else
      out.back() += c;
  }
  return out;
}

TEST(Parse, every_verb_has_an_example_that_works_as_it_stands) {
  auto const all = all_verbs(Catalog(api::operations()));
  for (auto const& verb : all) {
    if (!verb.hidden) EXPECT_FALSE(verb.examples.empty()) << verb.words;
    for (auto const& example : verb.examples) {
      if (!example.command.starts_with("codi ")) continue;  // part of a longer line of a shell
      auto words = words_of(example.command.substr(0, example.command.find_first_of("|&;#>")));
      words.erase(words.begin());
      if (words.back().empty()) words.pop_back();
      auto const command = parse_command(all, words);
      ASSERT_TRUE(command) << example.command << ": " << command.error().what;
      EXPECT_NE(command->verb, nullptr) << example.command;
    }
  }
}

TEST(Parse, help_is_given_at_every_place) {
  EXPECT_TRUE(parse({"--help"})->help);
  EXPECT_TRUE(parse({"session", "-h"})->help);
  EXPECT_TRUE(parse({"claim", "--help"})->help);
  auto const whole = help_text(verbs(), "");
  EXPECT_NE(whole.find("session start"), std::string::npos);
  EXPECT_EQ(whole.find("concealed"), std::string::npos);
  EXPECT_NE(help_text(verbs(), "session").find("session list"), std::string::npos);
  auto const claim = help_text(verbs(), "claim");
  EXPECT_NE(claim.find("Usage: codi claim TARGET… [options]"), std::string::npos) << claim;
  EXPECT_NE(claim.find("--mode exclusive|shared"), std::string::npos) << claim;
  EXPECT_NE(claim.find("--wait [TIME]"), std::string::npos) << claim;
  EXPECT_NE(claim.find("--quick, --no-quick"), std::string::npos) << claim;
  EXPECT_NE(claim.find("codi claim mv"), std::string::npos) << claim;
}

}  // namespace
}  // namespace codi::cli
