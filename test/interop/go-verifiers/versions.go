package main

import (
	"fmt"
	"runtime/debug"
	"slices"
)

var named = []string{
	"github.com/coreos/go-oidc",
	"github.com/coreos/go-oidc/v3",
	"github.com/hashicorp/cap",
	"github.com/hashicorp/vault-plugin-auth-jwt",
	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/oidcauthextension",
	"go.opentelemetry.io/collector/otelcol",
	"k8s.io/apiserver",
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
