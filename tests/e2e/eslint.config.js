import eslint from "@eslint/js";
import { defineConfig } from "eslint/config";
import typescript from "typescript-eslint";

export default defineConfig({ ignores: ["node_modules/"] }, eslint.configs.recommended, {
  files: ["**/*.ts"],
  extends: [typescript.configs.strictTypeChecked, typescript.configs.stylisticTypeChecked],
  languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
  rules: {
    // node:test's own functions return promises that the runner awaits.
    "@typescript-eslint/no-floating-promises": [
      "error",
      {
        allowForKnownSafeCalls: [{ from: "package", package: "node:test", name: ["test", "it", "suite", "describe"] }],
      },
    ],
    "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
  },
});
