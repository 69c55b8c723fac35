// Starts `rulewright lsp` for YAML files below a folder with a `ruleset.yaml`; everything else is the server's.
const { workspace } = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

exports.activate = async () => {
  const [command, ...args] = workspace.getConfiguration("rulewright").get("command");
  const files = workspace.createFileSystemWatcher("**/*.yaml");
  client = new LanguageClient(
    "rulewright",
    "Rulewright",
    { command, args },
    { documentSelector: [{ scheme: "file", language: "yaml" }], synchronize: { fileEvents: files } },
  );
  await client.start();
};

exports.deactivate = () => client?.stop();
