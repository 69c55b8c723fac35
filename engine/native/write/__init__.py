"""The plan written as LLVM IR."""
