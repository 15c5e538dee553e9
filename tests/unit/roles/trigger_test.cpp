#include "roles/trigger.hpp"

#include <gtest/gtest.h>

namespace codi::roles {
namespace {

using models::TriggerKind;

struct Row {
  std::string_view line;
  TriggerKind kind;
  std::string_view to;
  std::string_view when;
};

TEST(Trigger, forms) {
  for (auto const& [line, kind, to, when] : {
           Row{"Delegates to database-specialist when: A schema is needed", TriggerKind::delegate,
               "database-specialist", "A schema is needed"},
           Row{"delegate to QA Reviewer if the tests fail", TriggerKind::delegate, "qa-reviewer", "the tests fail"},
           Row{"Hands off to docs when the API changes", TriggerKind::delegate, "docs", "the API changes"},
           Row{"Escalates to orchestrator when: Two roles disagree: on anything", TriggerKind::escalate, "orchestrator",
               "Two roles disagree: on anything"},
           Row{"When the build breaks, escalate to `release-manager`.", TriggerKind::escalate, "release-manager",
               "the build breaks"},
           Row{"Escalate to lead: nobody answers", TriggerKind::escalate, "lead", "nobody answers"},
           Row{"testing: coverage falls", TriggerKind::delegate, "testing", "coverage falls"},
       }) {
    auto const trigger = read_trigger(line, TriggerKind::delegate);
    ASSERT_TRUE(trigger) << line;
    EXPECT_EQ(trigger->kind, kind) << line;
    EXPECT_EQ(trigger->to, to) << line;
    EXPECT_EQ(trigger->when, when) << line;
  }
  EXPECT_EQ(read_trigger("lead: nobody answers", TriggerKind::escalate)->kind, TriggerKind::escalate);
}

TEST(Trigger, others_are_none) {
  for (std::string_view const line : {"Ask for help", "Delegates to nobody in particular at any one time when: x",
                                      "Delegates to qa when:", "Delegates to", "When all is lost", ""})
    EXPECT_FALSE(read_trigger(line, TriggerKind::delegate)) << line;
}

TEST(Link, forms) {
  EXPECT_EQ(read_link("db-specialist: For schemas"), (models::RoleLink{"db-specialist", "For schemas"}));
  EXPECT_EQ(read_link("DB Specialist - For schemas: all"), (models::RoleLink{"db-specialist", "For schemas: all"}));
  EXPECT_EQ(read_link("qa (every release)"), (models::RoleLink{"qa", "(every release)"}));
  EXPECT_EQ(read_link("qa"), (models::RoleLink{"qa", std::nullopt}));
  EXPECT_FALSE(read_link("Whoever has the time for it: reviews"));
  EXPECT_FALSE(read_link(""));
}

}  // namespace
}  // namespace codi::roles
