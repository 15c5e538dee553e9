#include "cli/generic.hpp"
#include "cli/json_access.hpp"
#include "cli/verbs.hpp"

#include <fmt/format.h>

#include <utility>

namespace codi::cli {
namespace {

constexpr std::uint64_t kUnauthorized = 401;

// An option's value, else what a person types.
Outcome<std::string> asked(Context& context, Arguments const& arguments, std::string const& name,
                           std::string_view question) {
  if (auto const given = arguments.one(name)) return *given;
  auto& shell = context.shell();
  if (shell.in_is_terminal) shell.err << question << ": " << std::flush;
  std::string line;
  if (!std::getline(shell.in, line) || line.empty()) return complain(Exit::usage, fmt::format("--{} is missing", name));
  return line;
}

Outcome<std::string> asked_password(Context& context) {
  auto password = read_secret(context.shell(), "Password: ");
  if (!password || password->empty())
    return complain(Exit::usage, "the password is missing",
                    {"Type it, or send it as one line: codi login --email E < file"});
  return *password;
}

Outcome<> sign_in(Context& context, Arguments const& arguments) {
  auto const& settings = context.settings();
  if (!settings) return std::unexpected(settings.error());
  auto const email = asked(context, arguments, "email", "E-mail address");
  if (!email) return std::unexpected(email.error());
  json::object members{{"email", *email}};
  std::string operation = "login";
  if (arguments.has("register") || arguments.has("invite")) {
    auto const name = asked(context, arguments, "name", "Your name");
    if (!name) return std::unexpected(name.error());
    members["name"] = *name;
    operation = "accept_invite";
    if (auto const code = arguments.one("invite")) members["code"] = *code;
  }
  if (arguments.has("register")) {
    auto const tenant = asked(context, arguments, "tenant", "Name of the new organisation");
    if (!tenant) return std::unexpected(tenant.error());
    members["tenant_name"] = *tenant;
    operation = "register";
  }
  auto const password = asked_password(context);
  if (!password) return std::unexpected(password.error());
  members["password"] = *password;
  auto const reply = context.call(operation, std::move(members));
  if (!reply) return std::unexpected(reply.error());
  auto const* const tenant = member_of(reply->body, "tenant");
  auto const slug = tenant == nullptr ? std::string() : text_of(*tenant, "slug");
  user_logins(context.shell()).put(settings->server, login_of(*reply, *email, slug, context.now()));
  if (context.json())
    context.print_json(reply->body, &context.catalog().at(operation));
  else
    context.shell().out << "signed in to " << settings->server << " as " << *email << " of " << slug << '\n';
  if (settings->token) context.note("a token is set besides (CODI_TOKEN, --token or a settings file) and goes first");
  return {};
}

Outcome<> log_in(Context& context, Arguments const& arguments) {
  if (arguments.has("register") && arguments.has("invite"))
    return complain(Exit::usage, "--register and --invite exclude each other");
  return sign_in(context, arguments);
}

Outcome<> log_out(Context& context, Arguments const&) {
  auto const& settings = context.settings();
  if (!settings) return std::unexpected(settings.error());
  auto logins = user_logins(context.shell());
  if (!logins.find(settings->server)) return complain(Exit::failed, "not signed in to " + settings->server);
  if (settings->token)
    return complain(Exit::usage,
                    "a token is set (CODI_TOKEN, --token or a settings file), so this would not end the login",
                    {"Run it without: env -u CODI_TOKEN codi logout"});
  auto const reply = context.call("logout");
  auto const* const status = reply ? nullptr : member_of(reply.error().problem, "status");
  bool const dead_already =
      !reply && (status == nullptr ? reply.error().exit == Exit::failed : *status == json::value(kUnauthorized));
  if (!reply && !dead_already) return std::unexpected(reply.error());
  logins.remove(settings->server);
  if (context.json())
    context.print_json(json::object{{"server", settings->server}});
  else
    context.shell().out << "signed out of " << settings->server << '\n';
  return {};
}

Outcome<> who_am_i(Context& context, Arguments const&) {
  auto const reply = context.call("me");
  if (!reply) return std::unexpected(reply.error());
  if (context.json()) {
    context.print_json(reply->body);
    return {};
  }
  auto shown = reply->body.is_object() ? reply->body.get_object() : json::object{};
  shown["server"] = context.settings()->server;
  if (auto const project = context.project()) shown["project"] = *project;
  if (context.project()) {
    auto const known = context.known_session();
    auto const session = known.value_or(std::nullopt);
    if (session) shown["session"] = *session;
  }
  print_answer(context, shown);
  return {};
}

}  // namespace

std::vector<Verb> login_verbs() {
  return {
      {.words = "login",
       .summary = "Sign in, and stay signed in on this machine",
       .description = "The password is asked for, or read as one line from the input. Tokens are kept in the user's "
                      "credentials.json "
                      "(mode 0600) and renewed by themselves.",
       .options = {{.name = "email", .doc = "E-mail address of the account."},
                   {.name = "register", .doc = "Make an account and an organisation first.", .take = Take::flag},
                   {.name = "invite", .doc = "Make an account with the code of an invite first.", .value_name = "CODE"},
                   {.name = "name", .doc = "Your name, for a new account."},
                   {.name = "tenant", .doc = "Name of a new organisation."}},
       .examples = {{"codi login --email ann@example.org"},
                    {"codi login --register --email ann@example.org --name Ann --tenant \"Acme\""},
                    {"codi login --invite CODE --email bob@example.org --name Bob"}},
       .run = &log_in},
      {.words = "logout",
       .summary = "End the login, on the server too",
       .examples = {{"codi logout"}},
       .run = &log_out},
      {.words = "whoami",
       .summary = "Show who you are to the server, and what commands here are about",
       .examples = {{"codi whoami"}, {"codi whoami --json"}},
       .run = &who_am_i}};
}

}  // namespace codi::cli
