//go:build wasip1

package main

import "deploy-window/holdpoint"

func init() { holdpoint.Register(deployWindow{}) }
