//go:build wasip1

package main

import "{{name}}/holdpoint"

func init() { holdpoint.Register(rule{}) }
