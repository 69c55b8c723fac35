"""`rulewright lsp`: rules in an editor. `living` keeps them checked, `mentions` finds names, `server` speaks LSP."""
