package proxy

import (
	"encoding/json"
	"strings"
)

// fromShell takes a request of the shell channel. Requests wait for the one before; what widgets say to a running cell does not.
func (s *server) fromShell(m message) {
	switch m.header.Type {
	case "comm_open", "comm_msg", "comm_close":
		s.trackComm(m)
		s.back.send(s.back.shell, m)
	case "complete_request", "inspect_request":
		if !s.askHelper(m) {
			s.queue = append(s.queue, m)
		}
	default:
		s.queue = append(s.queue, m)
	}
}

// next starts requests that wait, until GoNB has one or none is left.
func (s *server) next() {
	for s.running == nil && len(s.queue) > 0 {
		m := s.queue[0]
		s.queue = s.queue[1:]
		s.status(m.rawHeader, "busy")
		switch m.header.Type {
		case "execute_request":
			s.execute(m)
			continue
		case "complete_request", "inspect_request":
			s.forward(m, object{"code": "", "cursor_pos": 0, "detail_level": 0})
			s.running = &running{request: m}
			continue
		}
		if kind, content := s.answer(m); kind != "" {
			s.reply(m, kind, content)
		}
		s.status(m.rawHeader, "idle")
	}
}

// answer answers, and does, what GoNB's queue is not needed for; kind is "" for what nobody here knows.
func (s *server) answer(m message) (kind string, content any) {
	switch m.header.Type {
	case "kernel_info_request":
		return "kernel_info_reply", s.info
	case "is_complete_request":
		status, indent := completeness(read[struct{ Code string }](m.content).Code)
		return "is_complete_reply", object{"status": status, "indent": indent}
	case "history_request":
		return "history_reply", object{"status": "ok", "history": s.history.find(read[historyRequest](m.content))}
	case "comm_info_request":
		target := read[struct {
			Target string `json:"target_name"`
		}](m.content).Target
		return "comm_info_reply", object{"status": "ok", "comms": s.openComms(target)}
	case "interrupt_request":
		s.interrupt()
		return "interrupt_reply", object{"status": "ok"}
	case "shutdown_request": // GoNB is ended by who started it
		s.stopped = true
		return "shutdown_reply", object{"status": "ok", "restart": read[struct{ Restart bool }](m.content).Restart}
	}
	return "", nil
}

// trackComm keeps the list of open comms.
func (s *server) trackComm(m message) {
	c := read[struct {
		ID     string `json:"comm_id"`
		Target string `json:"target_name"`
	}](m.content)
	switch m.header.Type {
	case "comm_open":
		s.comms[c.ID] = c.Target
	case "comm_close":
		delete(s.comms, c.ID)
	}
}

func (s *server) openComms(target string) object {
	open := object{}
	for id, t := range s.comms {
		if target == "" || t == target {
			open[id] = object{"target_name": t}
		}
	}
	return open
}

// fromControl takes a message of the control channel, which is answered at once, also while a cell runs.
func (s *server) fromControl(m message) {
	s.status(m.rawHeader, "busy")
	if kind, content := s.answer(m); kind != "" {
		r := newMessage(s.session, kind, m.rawHeader, content)
		r.addresses = m.addresses
		s.front.send(s.front.control, r)
	}
	s.idleAside(m)
}

// idleAside ends a request that was answered aside of the queue. Front ends show the last state that they heard of.
func (s *server) idleAside(m message) {
	s.status(m.rawHeader, "idle")
	if s.running != nil {
		s.status(s.running.request.rawHeader, "busy")
	}
}

// forward passes a request to GoNB, with what GoNB counts on and a front end may leave out.
func (s *server) forward(m message, defaults object) {
	content := defaults
	for key, value := range read[object](m.content) {
		content[key] = value
	}
	m.content = toJSON(content)
	s.back.send(s.back.shell, m)
}

// kernelInfo is GoNB's description of itself, with what front ends colour Go by.
func kernelInfo(gonb json.RawMessage) json.RawMessage {
	info := read[object](gonb)
	if info == nil {
		info = object{}
	}
	language, _ := info["language_info"].(object)
	version, _ := language["version"].(string)
	gonbVersion, _ := info["implementation_version"].(string)
	info["language_info"] = object{"name": "go", "version": strings.TrimPrefix(version, "go"), "mimetype": "text/x-go", "file_extension": ".go",
		"pygments_lexer": "go", "codemirror_mode": "go", "nbconvert_exporter": "script"}
	info["status"], info["protocol_version"] = "ok", protocolVersion
	info["implementation"], info["implementation_version"] = "lpft", gonbVersion
	info["banner"] = "Go (lpft): cells are compiled by GoNB"
	info["debugger"] = false
	return toJSON(info)
}
