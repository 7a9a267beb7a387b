#!/bin/sh
# Lists the modules that lpft and its kernel are built from, each with its version and licence, and fails where one has
# none that is known.
set -eu
cd "$(dirname "$0")/.."
go list -deps -f '{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}} {{.Dir}}{{end}}{{end}}' ./... | sort -u | {
	status=0
	while read -r module version dir; do
		file=$(find "$dir" -maxdepth 1 -iname 'licen[cs]e*' -o -maxdepth 1 -iname 'copying*' | sort | head -n 1)
		[ -n "$file" ] || { echo "$module $version: NO LICENCE FILE"; status=1; continue; }
		case "$(tr -s ' \n\t' ' ' <"$file")" in
		*"Apache License"*) name=Apache-2.0 ;;
		*"Mozilla Public License"*) name=MPL-2.0 ;;
		*"Permission is hereby granted, free of charge"*) name=MIT ;;
		*"Permission to use, copy, modify, and/or distribute"* | *"Permission to use, copy, modify, and distribute"*) name=ISC ;;
		*"Redistributions in binary form"*"Neither the name"*) name=BSD-3-Clause ;;
		*"Redistributions in binary form"*) name=BSD-2-Clause ;;
		*"creativecommons.org/licenses/by/4.0"* | *"Attribution 4.0 International"*) name=CC-BY-4.0 ;;
		*"FreeType License"*) name="FTL or GPL-2.0" ;;
		*) name="UNKNOWN ($file)"; status=1 ;;
		esac
		echo "$module $version: $name"
	done
	exit $status
}
