#include "support/app_fixture.hpp"
#include "support/certificate.hpp"
#include "unit/cli/test_shell.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <map>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace codi {
namespace {

namespace fs = std::filesystem;

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Key make_key() { return Key(EVP_EC_gen("P-256"), &EVP_PKEY_free); }

void write_key(fs::path const& path, EVP_PKEY* key) {
  std::unique_ptr<FILE, decltype(&std::fclose)> const file(std::fopen(path.c_str(), "we"), &std::fclose);
  PEM_write_PrivateKey(file.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  ::chmod(path.c_str(), 0600);
}

// A certificate that holds for so many days from the clock of the test's shell.
void write_certificate(fs::path const& path, EVP_PKEY* key, Timestamp now, int days) {
  std::unique_ptr<X509, decltype(&X509_free)> const made(X509_new(), &X509_free);
  std::time_t at = now.ms / 1'000;
  X509_time_adj_ex(X509_getm_notBefore(made.get()), -1, 0, &at);
  X509_time_adj_ex(X509_getm_notAfter(made.get()), days, 0, &at);
  X509_set_pubkey(made.get(), key);
  X509_sign(made.get(), key, EVP_sha256());
  std::unique_ptr<FILE, decltype(&std::fclose)> const file(std::fopen(path.c_str(), "we"), &std::fclose);
  PEM_write_X509(file.get(), made.get());
}

// The machine of a server, which runs in this process or not.
class DoctorMachine : public testing::AppFixture {
 protected:
  // The status of each check, by its name; of several with one name the worst.
  std::map<std::string, std::string> look(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"doctor", "--json"});
    exit_ = shell_.codi(std::move(arguments));
    std::map<std::string, std::string> out;
    auto const all = json::parse(shell_.out.str());
    for (auto const& check : all.at("checks").as_array()) {
      auto& status = out[std::string(check.at("name").as_string())];
      auto const here = std::string(check.at("status").as_string());
      if (status != "fail" && (status != "warn" || here == "fail")) status = here;
    }
    return out;
  }
  [[nodiscard]] std::string said() const { return shell_.out.str(); }
  [[nodiscard]] fs::path store() const { return directory_.path() / "store"; }
  std::vector<std::string> of_store() { return {"--store", "rocksdb:" + store().string()}; }

  std::map<std::string, std::pair<fs::file_time_type, std::uintmax_t>> files() const {
    std::map<std::string, std::pair<fs::file_time_type, std::uintmax_t>> out;
    for (auto const& file : fs::directory_iterator(store()))
      out[file.path().filename()] = {file.last_write_time(), file.file_size()};
    return out;
  }
  void make_private() const {
    for (auto const& file : fs::directory_iterator(store())) ::chmod(file.path().c_str(), 0600);
  }

  testing::TestShell shell_;
  int exit_ = -1;
};

TEST_F(DoctorMachine, a_store_that_a_server_has_open) {
  start();
  auto const found = look(of_store());
  EXPECT_EQ(found.at("store"), "ok");
  EXPECT_NE(said().find(fmt::format("is open in process {} on", ::getpid())), std::string::npos) << said();
  EXPECT_TRUE(found.contains("disk"));
  EXPECT_TRUE(found.contains("open_files"));
  EXPECT_FALSE(found.contains("server")) << "nothing but the machine was asked about";
}

TEST_F(DoctorMachine, a_store_that_nobody_has_open_is_read_and_left_as_it_is) {
  start();
  app_.reset();
  make_private();
  auto const before = files();
  EXPECT_EQ(look(of_store()).at("store"), "ok");
  EXPECT_NE(said().find("has schema version 1"), std::string::npos) << said();
  EXPECT_EQ(look(of_store()).at("store_folder"), "ok") << said();
  EXPECT_EQ(files(), before);
}

TEST_F(DoctorMachine, a_folder_that_others_can_enter) {
  start();
  app_.reset();
  make_private();
  ::chmod(store().c_str(), 0755);
  EXPECT_EQ(look(of_store()).at("store_folder"), "warn") << "its files are closed";
  ::chmod((store() / "CURRENT").c_str(), 0644);
  EXPECT_EQ(look(of_store()).at("store_folder"), "fail");
  EXPECT_EQ(exit_, 1);
  EXPECT_NE(said().find("chmod -R go= "), std::string::npos) << said();
}

TEST_F(DoctorMachine, what_is_no_store_or_of_another_format_fails) {
  EXPECT_EQ(look(of_store()).at("store"), "warn") << "before the first start";
  EXPECT_EQ(exit_, 0);
  EXPECT_EQ(look({"--store", "elsewhere:x"}).at("store"), "fail");
  fs::create_symlink(store().filename(), store());
  EXPECT_EQ(look(of_store()).at("store"), "fail") << "one that can't be looked at is not taken for empty";
  fs::remove(store());
  fs::create_directory(store());
  EXPECT_EQ(look(of_store()).at("store"), "warn");
  shell_.write(store() / "codi-store.json", R"({"format":99})");
  EXPECT_EQ(look(of_store()).at("store"), "fail");
  EXPECT_NE(said().find("format 99"), std::string::npos) << said();
  EXPECT_EQ(exit_, 1);
}

TEST_F(DoctorMachine, a_damaged_store_fails) {
  start();
  app_.reset();
  shell_.write(store() / "CURRENT", "rubbish\n");
  EXPECT_EQ(look(of_store()).at("store"), "fail");
}

TEST_F(DoctorMachine, certificate_and_key_of_the_settings_file) {
  auto const& folder = shell_.shell.directory;
  auto const config = folder / "codi.toml";
  auto const key = make_key();
  write_key(folder / "key.pem", key.get());
  shell_.write(config, "tls_cert = \"cert.pem\"\ntls_key = \"key.pem\"\n");
  std::vector<std::string> const arguments{"--config", "codi.toml"};
  auto const with_days = [&](int days) {
    write_certificate(folder / "cert.pem", key.get(), shell_.clock.now(), days);
    return look(arguments).at("tls_files");
  };
  EXPECT_EQ(with_days(90), "ok") << said();
  EXPECT_EQ(exit_, 0);
  EXPECT_EQ(with_days(10), "warn");
  EXPECT_EQ(with_days(1), "fail");
  EXPECT_EQ(with_days(90), "ok");
  ::chmod((folder / "key.pem").c_str(), 0640);
  EXPECT_EQ(look(arguments).at("tls_files"), "ok") << "a group may be let in, as Debian's ssl-cert is";
  ::chmod((folder / "key.pem").c_str(), 0604);
  EXPECT_EQ(look(arguments).at("tls_files"), "fail");
  write_key(folder / "key.pem", make_key().get());
  EXPECT_EQ(look(arguments).at("tls_files"), "fail") << "the key of another certificate";
  EXPECT_NE(said().find("is not the key of"), std::string::npos) << said();
  shell_.write(folder / "key.pem", "no key");
  EXPECT_EQ(look(arguments).at("tls_files"), "fail");
  shell_.write(config, "tls_cert = \"cert.pem\"\n");
  EXPECT_EQ(look(arguments).at("tls_files"), "fail") << "one without the other";
}

TEST_F(DoctorMachine, a_settings_file_names_the_store) {
  start();
  shell_.write(shell_.shell.directory / "codi.toml", fmt::format("store = \"rocksdb:{}\"\n", store().string()));
  EXPECT_EQ(look({"--config", "codi.toml"}).at("store"), "ok") << said();
  EXPECT_EQ(look({"--config", "nowhere.toml"}).at("server_config"), "fail");
  shell_.write(shell_.shell.directory / "codi.toml", "store = ");
  EXPECT_EQ(look({"--config", "codi.toml"}).at("server_config"), "fail");
}

// A server that speaks TLS, and a client that trusts its certificate and nobody else's.
class DoctorTls : public DoctorMachine {
 protected:
  // The shell's clock is the system's here: OpenSSL goes by no other.
  void start_tls() {
    auto const files = certificate_for(std::chrono::days(90));
    gateway::AppOptions options;
    options.server.tls = {files.certificate, files.key};
    start(std::move(options));
    shell_.clock.advance(SystemClock().now() - shell_.clock.now());
    shell_.shell.environment["CODI_SERVER"] = app_->url();
    shell_.shell.environment["CODI_CA_FILE"] = files.certificate;
  }
  // The one that the server uses, once it has read it.
  testing::Certificate certificate_for(std::chrono::seconds valid) {
    return testing::make_certificate(directory_.path(), 1, valid.count());
  }
  std::map<std::string, std::string> look_at_certificate_for(std::chrono::seconds valid) {
    certificate_for(valid);
    app_->reload();
    return look({});
  }
};

TEST_F(DoctorTls, a_certificate_is_to_be_renewed_in_time) {
  using std::chrono::days;
  start_tls();
  auto const good = look({});
  for (auto const* const name : {"server", "tls", "ready", "version", "clock"})
    EXPECT_EQ(good.at(name), "ok") << said();
  EXPECT_EQ(exit_, 0);
  EXPECT_EQ(look_at_certificate_for(days(22)).at("tls"), "ok") << said();
  EXPECT_EQ(look_at_certificate_for(days(20)).at("tls"), "warn") << said();
  EXPECT_NE(said().find("Renew it soon."), std::string::npos) << said();
  EXPECT_EQ(exit_, 0);
  EXPECT_EQ(look_at_certificate_for(days(2)).at("tls"), "fail") << said();
  EXPECT_NE(said().find("the certificate expires in "), std::string::npos) << said();
  EXPECT_EQ(exit_, 1);
}

TEST_F(DoctorTls, one_that_has_expired_fails_and_is_not_taken_for_a_server_that_is_not_there) {
  start_tls();
  auto const found = look_at_certificate_for(std::chrono::seconds(-30));
  EXPECT_EQ(found.at("tls"), "fail") << said();
  EXPECT_EQ(exit_, 1);
  EXPECT_NE(said().find("certificate has expired"), std::string::npos) << said();
  EXPECT_NE(said().find("Renew the certificate"), std::string::npos) << said();
  EXPECT_EQ(said().find("codi serve"), std::string::npos) << said();
  EXPECT_FALSE(found.contains("ready")) << "nothing that it says is believed";
}

TEST_F(DoctorTls, one_that_nobody_vouches_for_fails) {
  start_tls();
  auto const other = directory_.path() / "other";
  fs::create_directory(other);
  shell_.shell.environment["CODI_CA_FILE"] = testing::make_certificate(other, 2).certificate;
  EXPECT_EQ(look({}).at("tls"), "fail") << said();
  EXPECT_EQ(exit_, 1);
  EXPECT_NE(said().find("self-signed certificate"), std::string::npos) << said();
  EXPECT_NE(said().find("--ca-file"), std::string::npos) << said();
}

TEST_F(DoctorTls, a_health_check_beside_the_server_needs_nobody_to_vouch_for_it) {
  start_tls();
  shell_.shell.environment.erase("CODI_CA_FILE");
  EXPECT_EQ(look({}).at("tls"), "fail") << said();
  EXPECT_EQ(shell_.codi({"doctor", "--ready"}), 0) << shell_.err.str();
  app_.reset();
  EXPECT_EQ(shell_.codi({"doctor", "--ready"}), 1);
}

TEST_F(DoctorTls, the_server_of_this_user_is_known_by_its_key) {
  start_tls();
  shell_.shell.environment.erase("CODI_CA_FILE");
  auto const note = [&](std::string const& pin) {
    json::object const text{{"data_directory", store().string()},
                            {"bootstrap_file", bootstrap_file().string()},
                            {"server", app_->url()},
                            {"key_pin", pin}};
    shell_.write(shell_.home() / ".local/state/codi/local.json", json::serialize(text));
  };
  note(app_->key_pin().value_or("none"));
  EXPECT_EQ(look({}).at("tls"), "ok") << said();
  EXPECT_EQ(shell_.codi({"whoami"}), 0) << shell_.err.str();
  note("sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
  EXPECT_EQ(look({}).at("tls"), "fail") << said();
  EXPECT_EQ(shell_.codi({"whoami"}), 4) << "another has taken its place";
}

TEST_F(DoctorMachine, a_client_beside_its_server_looks_at_both) {
  start();
  json::object const note{
      {"data_directory", store().string()}, {"bootstrap_file", bootstrap_file().string()}, {"server", app_->url()}};
  shell_.write(shell_.home() / ".local/state/codi/local.json", json::serialize(note));
  using std::filesystem::perms;
  std::filesystem::permissions(shell_.home() / ".local/state/codi/local.json",
                               perms::owner_read | perms::owner_write | perms::group_read | perms::others_read);
  auto const found = look({});
  for (auto const* const name : {"server", "ready", "version", "credential", "store", "disk", "bootstrap"})
    EXPECT_EQ(found.at(name), "ok") << name << said();
  EXPECT_EQ(found.at("clock"), "fail") << "the shell's clock stands still in the past";
  EXPECT_EQ(found.at("local_note"), "fail") << "everyone may read it";
}

}  // namespace
}  // namespace codi
