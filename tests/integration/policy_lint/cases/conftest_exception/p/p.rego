package p

exception contains ["deny_root"] if input.request.actor == "root"
