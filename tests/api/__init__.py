"""Tests of what front ends share."""
