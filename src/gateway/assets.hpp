#pragma once
#include <string_view>

/// The files of web/docs as the build has put them into the binary (cmake/embed.cmake).
namespace codi::gateway::assets {

extern std::string_view const kDocsIndexHtml;
extern std::string_view const kDocsDocsJs;
extern std::string_view const kDocsDocsCss;

}  // namespace codi::gateway::assets
