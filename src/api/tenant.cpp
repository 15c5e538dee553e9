#include "api/areas.hpp"
#include "api/execute.hpp"
#include "db/audit.hpp"
#include "db/tenants.hpp"

namespace codi::api {
namespace {

using auth::Permission;
using models::Tenant;

struct GetTenantIn {};
BOOST_DESCRIBE_STRUCT(GetTenantIn, (), ())

struct UpdateTenantIn {
  std::optional<std::string> name;
};
BOOST_DESCRIBE_STRUCT(UpdateTenantIn, (), (name))

}  // namespace
}  // namespace codi::api

namespace codi::reflect {
using namespace codi::api;

template <>
struct Fields<GetTenantIn> {
  static constexpr std::string_view name = "GetTenant";
  static constexpr std::array<Field, 0> fields{};
};
template <>
struct Fields<UpdateTenantIn> {
  static constexpr std::string_view name = "UpdateTenant";
  static constexpr std::array fields{
      field("name", "Name shown to people; the slug stays as it is.").length(1, limits::kNameBytes)};
};

}  // namespace codi::reflect

namespace codi::api {
namespace {

struct GetTenant {
  static constexpr OperationMeta meta{.id = "get_tenant",
                                      .method = Method::get,
                                      .path = "/tenant",
                                      .tag = "tenant",
                                      .summary = "Read your tenant",
                                      .permission = Permission::tenant_read,
                                      .cli = "tenant show"};
  using In = GetTenantIn;
  using Out = Tenant;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const&) {
    auto const permitted = auth::permit(caller, Permission::tenant_read);
    if (!permitted) co_return std::unexpected(permitted.error());
    auto tenant = co_await db::get_tenant(tx);
    if (!tenant) co_return auth::token_refused();
    co_return *std::move(tenant);
  }
};

struct UpdateTenant {
  static constexpr OperationMeta meta{.id = "update_tenant",
                                      .method = Method::patch,
                                      .path = "/tenant",
                                      .tag = "tenant",
                                      .summary = "Change your tenant",
                                      .kind = Kind::write,
                                      .permission = Permission::tenant_manage,
                                      .cli = "tenant update",
                                      .cli_example = "--name \"Acme Ltd\""};
  using In = UpdateTenantIn;
  using Out = Tenant;
  static Task<Result<Out>> run(db::Tx& tx, auth::Caller const& caller, In const& in) {
    auto const permitted = auth::permit(caller, Permission::tenant_manage);
    if (!permitted) co_return std::unexpected(permitted.error());
    auto tenant = co_await db::get_tenant(tx);
    if (!tenant) co_return auth::token_refused();
    if (auto const match = check_if_match(tx, *tenant); !match) co_return std::unexpected(match.error());
    if (!in.name || *in.name == tenant->name) co_return *std::move(tenant);
    db::append_audit(tx, {.actor_user_id = caller.user,
                          .actor_token_id = caller.token,
                          .action = "tenant.updated",
                          .target = to_string(tenant->id),
                          .data = {{"name", *in.name}, {"name_before", tenant->name}}});
    tenant->name = *in.name;
    tenant->updated_at = tx.now();
    db::put_tenant(tx, *tenant);
    co_return *std::move(tenant);
  }
};

}  // namespace

std::vector<Operation> tenant_operations() { return make_operations<GetTenant, UpdateTenant>(); }

}  // namespace codi::api
