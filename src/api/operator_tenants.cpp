#include "api/areas.hpp"
#include "api/scope.hpp"
#include "auth/directory.hpp"
#include "db/audit.hpp"
#include "db/paging.hpp"
#include "db/tenants.hpp"
#include "db/usage.hpp"
#include "models/page.hpp"

#include <boost/json/parse.hpp>

namespace codi::api {
namespace {

using models::Tenant;

struct ListTenantsIn {
  std::optional<std::int64_t> limit;
  std::optional<std::string> after;
};
BOOST_DESCRIBE_STRUCT(ListTenantsIn, (), (limit, after))

struct TenantIn {
  TenantId tenant;
};
BOOST_DESCRIBE_STRUCT(TenantIn, (), (tenant))

struct AdministerTenantIn {
  TenantId tenant;
  std::optional<models::TenantState> state;
  std::optional<models::Quotas> quotas;
};
BOOST_DESCRIBE_STRUCT(AdministerTenantIn, (), (tenant, state, quotas))

/// What a tenant has now.
struct TenantUsage {
  std::int64_t sessions = 0;
  std::int64_t claims = 0;
  std::int64_t storage_bytes = 0;
};
BOOST_DESCRIBE_STRUCT(TenantUsage, (), (sessions, claims, storage_bytes))

/// A tenant as an operator sees it.
struct AdministeredTenant {
  TenantId id;
  std::string slug;
  std::string name;
  models::TenantState state{};
  models::Quotas quotas;
  TenantUsage usage;
  Timestamp created_at;
  Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(AdministeredTenant, (), (id, slug, name, state, quotas, usage, created_at, updated_at))

}  // namespace
}  // namespace codi::api

namespace codi::reflect {
using namespace codi::api;

template <>
struct Fields<ListTenantsIn> {
  static constexpr std::string_view name = "ListTenants";
  static constexpr std::array fields{limit_field(), after_field()};
};
template <>
struct Fields<TenantIn> {
  static constexpr std::string_view name = "TenantInput";
  static constexpr std::array fields{field("tenant", "Id of the tenant.")};
};
template <>
struct Fields<AdministerTenantIn> {
  static constexpr std::string_view name = "AdministerTenant";
  static constexpr std::array fields{
      field("tenant", "Id of the tenant."),
      field("state", "While it is `suspended`, every token of it is refused. Nothing is lost."),
      field("quotas", "All quotas of its own; those that are left out are the server's defaults again."),
  };
};
template <>
struct Fields<TenantUsage> {
  static constexpr std::string_view name = "TenantUsage";
  static constexpr std::array fields{
      field("sessions", "Sessions that have not ended."),
      field("claims", "Claims that are held."),
      field("storage_bytes", "What its data take in the store, as the store estimates it."),
  };
};
template <>
struct Fields<AdministeredTenant> {
  static constexpr std::string_view name = "AdministeredTenant";
  static constexpr std::array fields{
      field("id", "Id of the tenant."),
      field("slug", "Short name in addresses; other tenants may have the same."),
      field("name", "Name shown to people."),
      field("state", "A suspended tenant's tokens are refused."),
      field("quotas", "Its own quotas; null where the server's default holds."),
      field("usage", "What it has now."),
      field("created_at", "When the tenant was made."),
      field("updated_at", "When the tenant was last changed."),
  };
};

}  // namespace codi::reflect

namespace codi::api {
namespace {

Task<AdministeredTenant> as_administered(db::Tx& tx, Tenant tenant) {
  TenantUsage usage;
  usage.sessions = co_await db::counted(tx, db::Counted::sessions);
  usage.claims = co_await db::counted(tx, db::Counted::claims);
  usage.storage_bytes = static_cast<std::int64_t>(co_await tx.estimated_bytes());
  co_return AdministeredTenant{.id = tenant.id,
                               .slug = tenant.slug,
                               .name = tenant.name,
                               .state = tenant.state,
                               .quotas = tenant.quotas,
                               .usage = usage,
                               .created_at = tenant.created_at,
                               .updated_at = tenant.updated_at};
}

std::unexpected<Error> no_such_tenant() { return fail(ErrorCode::not_found, "there is no tenant with this id"); }

std::string cursor_of(TenantId id) { return to_base64url(db::make_key({}, id)); }

struct ListTenants {
  static constexpr OperationMeta meta{.id = "list_tenants",
                                      .path = "/operator/tenants",
                                      .tag = "operator",
                                      .summary = "List the tenants with their quotas and what they use",
                                      .access = Access::operator_,
                                      .cli = "tenants list"};
  using In = ListTenantsIn;
  using Out = models::Page<AdministeredTenant>;
  static Task<Result<Out>> run(auth::OperatorTx& tx, In const& in) {
    auto const page = page_of(in.limit, in.after);
    auto const suffix = db::suffix_of_cursor(page);
    if (!suffix) co_return std::unexpected(suffix.error());
    std::optional<TenantId> after;
    if (auto const& from = *suffix)
      if (auto const id = db::tuple::Unpacker(*from).uuid()) after = TenantId{*id};
    auto ids = co_await auth::Directory::tenants_after(tx, after, page.limit + 1);
    Out out;
    if (ids.size() > page.limit) {
      ids.resize(page.limit);
      out.next = cursor_of(ids.back());
    }
    for (auto const& id : ids) {
      auto below = auth::Directory::bind(tx, id);
      auto tenant = co_await db::get_tenant(below);
      if (tenant) out.items.push_back(co_await as_administered(below, *std::move(tenant)));
    }
    co_return out;
  }
};

struct ShowTenant {
  static constexpr OperationMeta meta{.id = "show_tenant",
                                      .path = "/operator/tenants/{tenant}",
                                      .tag = "operator",
                                      .summary = "Read a tenant with its quotas and what it uses",
                                      .access = Access::operator_,
                                      .cli = "tenants show",
                                      .cli_example = "01a2052f-e58e-7e03-b58b-2a6db798a5a6"};
  using In = TenantIn;
  using Out = AdministeredTenant;
  static Task<Result<Out>> run(auth::OperatorTx& tx, In const& in) {
    auto below = auth::Directory::bind(tx, in.tenant);
    auto tenant = co_await db::get_tenant(below);
    if (!tenant) co_return no_such_tenant();
    co_return co_await as_administered(below, *std::move(tenant));
  }
};

struct AdministerTenant {
  static constexpr OperationMeta meta{
      .id = "administer_tenant",
      .method = Method::patch,
      .path = "/operator/tenants/{tenant}",
      .tag = "operator",
      .summary = "Suspend a tenant, let it go on, or set its quotas",
      .kind = Kind::write,
      .access = Access::operator_,
      .cli = "tenants update",
      .description = "The tenant's audit log tells of it.",
      .cli_example = R"(01a2052f-e58e-7e03-b58b-2a6db798a5a6 --quotas '{"claims": 5000}')"};
  using In = AdministerTenantIn;
  using Out = AdministeredTenant;
  static Task<Result<Out>> run(auth::OperatorTx& tx, In const& in) {
    auto below = auth::Directory::bind(tx, in.tenant);
    auto tenant = co_await db::get_tenant(below);
    if (!tenant) co_return no_such_tenant();
    auto const note = [&](std::string action, json::object data) {
      data["operator_token_id"] = to_string(tx.token());
      db::append_audit(below, {.action = std::move(action), .target = to_string(tenant->id), .data = std::move(data)});
      tenant->updated_at = tx.now();
    };
    if (in.state && *in.state != tenant->state) {
      tenant->state = *in.state;
      note(tenant->state == models::TenantState::suspended ? "tenant.suspended" : "tenant.reactivated", {});
    }
    if (in.quotas) {
      tenant->quotas = *in.quotas;
      note("tenant.quotas_set", {{"quotas", json::parse(reflect::encode_text(*in.quotas))}});
    }
    db::put_tenant(below, *tenant);
    co_return co_await as_administered(below, *std::move(tenant));
  }
};

}  // namespace

std::vector<Operation> operator_tenant_operations() {
  return make_operations<ListTenants, ShowTenant, AdministerTenant>();
}

}  // namespace codi::api
