package task

// toyNear is the style of the toy task's training and test rows: everyday life.
func toyNear() toyStyle {
	return toyStyle{
		people: []string{"Anna", "Tom", "Maria", "Peter", "Laura", "James", "Emma", "David", "Julia", "Mark",
			"Sarah", "Paul", "Nina", "Simon", "Clara", "Robert", "Alice", "Martin", "Helen", "George"},
		deeds: []deed{
			{"open", "opened", "the window"}, {"lock", "locked", "the back door"}, {"clean", "cleaned", "the kitchen"},
			{"water", "watered", "the plants"}, {"call", "called", "the doctor"}, {"pay", "paid", "the rent"},
			{"bake", "baked", "a cake"}, {"repair", "repaired", "the old bicycle"}, {"visit", "visited", "a friend in hospital"},
			{"finish", "finished", "the homework"}, {"cook", "cooked", "the dinner"}, {"wash", "washed", "the dishes"},
			{"paint", "painted", "the garden fence"}, {"order", "ordered", "a new lamp"}, {"feed", "fed", "the neighbour's cat"},
			{"return", "returned", "the library books"}, {"pack", "packed", "the suitcase"}, {"answer", "answered", "the letter"},
			{"book", "booked", "a table for four"}, {"turn off", "turned off", "the heating"}, {"collect", "collected", "the parcel"},
			{"iron", "ironed", "the blue shirt"}, {"empty", "emptied", "the dustbin"}, {"learn", "learned", "the poem by heart"},
			{"plant", "planted", "an apple tree"}, {"mend", "mended", "the torn curtain"}, {"warm up", "warmed up", "the soup"},
			{"walk", "walked", "the dog"}, {"cancel", "cancelled", "the newspaper"}, {"sell", "sold", "the piano"},
		},
		before: []string{"", "", "on Monday", "after lunch", "before the guests arrived", "last weekend", "this morning", "late in the evening"},
		after: []string{"", "", ", and the radio was playing all the time", ", while the children slept upstairs",
			", and nobody else was at home", ", just as the sun went down", ", and it rained all day"},
		holds: []string{
			"{S} managed to {do}", "{S} remembered to {do}", "{T} was glad that {S} had {did}", "{T} knew that {S} had {did}",
			"{T} saw that {S} had {did}", "{S} was able to {do}", "{T} forgot that {S} had {did}", "{S} did not forget to {do}",
			"{T} was surprised that {S} had {did}", "{S} finally found the time to {do}",
		},
		fails: []string{
			"{S} failed to {do}", "{S} forgot to {do}", "{S} refused to {do}", "{T} pretended that {S} had {did}",
			"{S} was too tired to {do}", "{S} did not manage to {do}", "{T} falsely claimed that {S} had {did}",
			"{S} decided not to {do}", "{S} was not able to {do}", "{T} stopped {S} just before {S} could {do}",
		},
		open: []string{
			"{S} wanted to {do}", "{S} promised to {do}", "{T} thought that {S} had {did}", "{T} hoped that {S} had {did}",
			"{T} asked {S} to {do}", "{S} planned to {do}", "{T} wondered whether {S} had {did}", "{S} did not want to {do}",
			"{T} said that {S} had {did}", "{T} was not sure that {S} had {did}",
		},
		yes:     []string{"{S} {did}"},
		no:      []string{"{S} did not {do}"},
		negated: 0.2, offTopic: 0.25,
	}
}

// toyFar is the style of the shifted test rows: work in the laboratory, at sea and in court.
func toyFar() toyStyle {
	return toyStyle{
		people: []string{"the captain", "the chemist", "the lawyer", "the nurse", "the mechanic", "the curator", "the pilot",
			"the gardener", "the accountant", "the minister", "Mr. Okafor", "Ms. Lindqvist", "Professor Tanaka", "Dr. Silva"},
		deeds: []deed{
			{"calibrate", "calibrated", "the pressure gauge"}, {"sign", "signed", "the contract"}, {"inspect", "inspected", "the engine room"},
			{"translate", "translated", "the witness statement"}, {"destroy", "destroyed", "the faulty samples"},
			{"publish", "published", "the annual report"}, {"replace", "replaced", "the broken valve"}, {"deliver", "delivered", "the medicine"},
			{"photograph", "photographed", "the wreck"}, {"warn", "warned", "the harbour office"}, {"measure", "measured", "the salt content"},
			{"dismiss", "dismissed", "the complaint"}, {"restore", "restored", "the damaged portrait"}, {"transfer", "transferred", "the money abroad"},
			{"examine", "examined", "the second patient"}, {"lower", "lowered", "the anchor"}, {"record", "recorded", "the interview"},
			{"label", "labelled", "the test tubes"},
		},
		before: []string{"", "", "", "according to the minutes of the meeting", "shortly before the inspection in autumn", "during the second week of the expedition",
			"although time was running out", "when the storm had finally passed", "as far as the archive shows"},
		after: []string{"", "", "", ", and several colleagues had an opinion about that", ", long after the rest of the crew had gone home",
			", and the whole department talked about it for days", ", while the committee was still waiting for an answer",
			", at a time when there was a serious shortage of staff", ", which was noted in the log book the same night"},
		holds: []string{
			"{S} took the trouble to {do}", "{S} did not fail to {do}", "{T} regretted that {S} had {did}", "{S} happened to {do}",
			"{T} discovered that {S} had {did}", "{S} did not neglect to {do}", "{T} admitted that {S} had indeed {did}",
			"{S} was quick enough to {do}", "{T} could not ignore the fact that {S} had {did}", "{S} managed to {do}", "{T} knew that {S} had {did}",
		},
		fails: []string{
			"{S} neglected to {do}", "{S} declined to {do}", "{S} was unable to {do}", "{T} wrongly assumed that {S} had {did}",
			"{S} did not get round to it when asked to {do}", "{T} lied when saying that {S} had {did}", "{S} never bothered to {do}",
			"{T} could not persuade {S} to {do}", "{T} was mistaken in the belief that {S} had {did}", "{S} failed to {do}", "{S} refused to {do}",
		},
		open: []string{
			"{S} intended to {do}", "{S} was expected to {do}", "{T} suspected that {S} had {did}", "{T} did not doubt that {S} had {did}",
			"{T} advised {S} not to {do}", "{S} was reluctant to {do}", "{T} could not say whether {S} had {did}", "{S} offered to {do}",
			"{T} was not told whether {S} had {did}", "{S} planned to {do}", "{T} thought that {S} had {did}",
		},
		yes:     []string{"{S} {did}", "{S} has {did}", "it is true that {S} {did}"},
		no:      []string{"{S} did not {do}", "{S} never {did}", "it is not true that {S} {did}"},
		negated: 0.35, offTopic: 0.25,
	}
}
