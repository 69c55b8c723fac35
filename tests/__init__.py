"""Tests of rulewright; README.md says where each kind goes."""
