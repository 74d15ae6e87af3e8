package main

import (
	"fmt"
	"runtime/debug"
	"slices"
)

var named = []string{
	"golang.org/x/oauth2",
	"github.com/prometheus/common",
	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/oauth2clientauthextension",
}

// What is really in this executable.
func printVersions() error {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return fmt.Errorf("it was built without modules")
	}
	for _, module := range info.Deps {
		if slices.Contains(named, module.Path) {
			fmt.Println(module.Path, module.Version)
		}
	}
	return nil
}
