#include "auth/permission.hpp"

#include "reflect/field.hpp"

#include <boost/mp11.hpp>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace codi::auth {
namespace {

using models::Role;
using enum models::Permission;

std::vector<Permission> all() {
  std::vector<Permission> out;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<Permission>>([&](auto d) { out.push_back(d.value); });
  return out;
}

TEST(Permissions, each_role_has_all_that_the_ones_before_it_have) {
  for (auto const role : {Role::member, Role::admin, Role::owner}) {
    auto const below = permissions_of(static_cast<Role>(static_cast<int>(role) - 1));
    EXPECT_EQ(permissions_of(role).intersect(below), below);
  }
  EXPECT_EQ(permission_list(permissions_of(Role::owner)), all());
}

TEST(Permissions, a_role_has_a_permission_from_the_lowest_role_on) {
  for (auto const permission : all())
    for (auto const role : {Role::viewer, Role::member, Role::admin, Role::owner})
      EXPECT_EQ(permissions_of(role).has(permission), role >= lowest_role(permission));
}

TEST(Permissions, viewers_read_and_nothing_else) {
  EXPECT_EQ(permission_list(permissions_of(Role::viewer)), (std::vector{tenant_read, user_read, project_read}));
}

TEST(Permissions, members_work_and_admins_manage) {
  auto const member = permissions_of(Role::member);
  EXPECT_TRUE(member.has(claim_write) && member.has(token_manage) && member.has(project_create));
  for (auto const managing : {tenant_manage, user_manage, invite_manage, project_manage, claim_force, audit_read}) {
    EXPECT_FALSE(member.has(managing));
    EXPECT_TRUE(permissions_of(Role::admin).has(managing));
  }
}

TEST(Permissions, a_session_token_reads_its_project_and_works) {
  EXPECT_EQ(
      permission_list(session_token_permissions()),
      (std::vector{project_read, session_write, event_write, claim_write, handoff_write, report_write, message_write}));
}

TEST(Permissions, a_project_token_changes_nothing_of_the_tenant) {
  auto const project = project_token_permissions();
  for (auto const wide : {tenant_manage, user_manage, invite_manage, token_manage, project_create, audit_read})
    EXPECT_FALSE(project.has(wide)) << reflect::enum_name(wide);
  EXPECT_TRUE(project.has(claim_write) && project.has(project_manage));
}

TEST(Permissions, a_list_and_a_set_are_the_same_thing) {
  std::vector const some{claim_force, tenant_read, claim_force};
  EXPECT_EQ(permission_list(permission_set(some)), (std::vector{tenant_read, claim_force}));
  EXPECT_TRUE(permission_list({}).empty());
}

TEST(Permissions, the_page_names_every_permission) {
  auto const page = permissions_markdown();
  for (auto const permission : all())
    EXPECT_NE(page.find('`' + std::string(reflect::enum_name(permission)) + '`'), std::string::npos);
}

TEST(Permissions, the_page_in_docs_is_the_one_that_the_code_prints) {
  auto const path = std::string(CODI_SOURCE_DIR) + "/docs/permissions.md";
  if (std::getenv("CODI_UPDATE_GOLDEN") != nullptr) {  // NOLINT(concurrency-mt-unsafe): nobody sets it
    std::ofstream(path) << permissions_markdown();
    return;
  }
  std::stringstream page;
  page << std::ifstream(path).rdbuf();
  EXPECT_TRUE(page.str() == permissions_markdown())
      << "docs/permissions.md is out of date: run this test with CODI_UPDATE_GOLDEN=1 and look at the difference";
}

}  // namespace
}  // namespace codi::auth
