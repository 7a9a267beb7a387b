"""Writes folders.json: folders as people have them, and what transformers' AutoTokenizer gives.

    pip install -r requirements-folders.txt
    python make_folders.py

Each case changes one thing beside a small vocabulary of make_goldens.py. Where "refused" is set, lpft
refuses the folder and its message holds that text, whatever transformers does.
"""
import json

from folder_oracle import HERE, TEXTS, answers

TOKEN = {"lstrip": False, "rstrip": False, "normalized": False, "single_word": False, "special": True}


def case(name, base, config=None, refused="", max_len=128, **files):
    files = {k + ".json": json.dumps(v) for k, v in files.items()}
    if config is not None:
        files["tokenizer_config.json"] = json.dumps(config)
    c = {"name": name, "base": base, "files": files, "max_len": max_len}
    if refused:
        c["refused"] = refused
    return c


def bert(**more):
    return {"tokenizer_class": "BertTokenizer", **more}


def roberta(**more):
    return {"tokenizer_class": "RobertaTokenizer", **more}


def xlmr(**more):
    return {"tokenizer_class": "XLMRobertaTokenizer", **more}


def camembert(**more):
    return {"tokenizer_class": "CamembertTokenizer", **more}


def decoder(**flags):
    words = {"435": "[E1]", "436": "[/E1]", "437": "Café"}
    return {i: {**TOKEN, "content": w, **flags} for i, w in words.items()}


B_ONE = {  # a template that gives the second text type 1
    "type": "TemplateProcessing",
    "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
    "pair": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
    "special_tokens": {"<s>": {"id": "<s>", "ids": [0], "tokens": ["<s>"]}},
}


def with_part(base, **parts):
    spec = json.loads((HERE / base / "tokenizer.json").read_text(encoding="utf-8"))
    return {**spec, **parts}


def cases():
    for base in ("wordpiece", "wordpiece-files"):
        yield case(f"{base}: class alone", base, bert())
        yield case(f"{base}: cased", base, bert(do_lower_case=False))
        yield case(f"{base}: accents kept", base, bert(strip_accents=False))
        yield case(f"{base}: accents stripped, cased", base, bert(strip_accents=True, do_lower_case=False))
        yield case(f"{base}: accents null", base, bert(strip_accents=None))
        yield case(f"{base}: Chinese as words", base, bert(tokenize_chinese_chars=False))
        yield case(f"{base}: cut left", base, bert(truncation_side="left"), max_len=10)
        yield case(f"{base}: no types", base, bert(model_input_names=["input_ids", "attention_mask"]))
        yield case(f"{base}: added_tokens_decoder", base, bert(added_tokens_decoder=decoder()))
        yield case(f"{base}: added_tokens_decoder, stripping", base, bert(added_tokens_decoder=decoder(lstrip=True, rstrip=True)))
        yield case(f"{base}: added_tokens_decoder, words", base, bert(added_tokens_decoder=decoder(single_word=True, normalized=True, special=False)))
        yield case(f"{base}: added_tokens.json", base, bert(), added_tokens={"[E1]": 435, "Café": 436})
        yield case(f"{base}: added and special", base, bert(), added_tokens={"[E1]": 435, "[/E1]": 436},
                   special_tokens_map={"additional_special_tokens": ["[E1]"], "mask_token": "[/E1]"})
        yield case(f"{base}: special tokens without ids", base, bert(additional_special_tokens=["[E1]", "[/E1]"]))
        yield case(f"{base}: mask strips", base, bert(), special_tokens_map={"mask_token": {**TOKEN, "content": "[MASK]", "lstrip": True, "rstrip": True}})
        yield case(f"{base}: other separators", base, bert(cls_token="[MASK]", sep_token="[PAD]"))
        yield case(f"{base}: other unknown", base, bert(unk_token="[PAD]"))
    yield case("wordpiece: DistilBERT's class", "wordpiece", {"tokenizer_class": "DistilBertTokenizer"})
    yield case("wordpiece: ELECTRA's class", "wordpiece", {"tokenizer_class": "ElectraTokenizerFast", "do_lower_case": False})
    yield case("wordpiece: no class of its own", "wordpiece", {"tokenizer_class": "PreTrainedTokenizerFast", "do_lower_case": False})
    yield case("wordpiece: model type in config.json", "wordpiece", model={"model_type": "bert"})
    yield case("wordpiece: tokens added to tokenizer.json", "wordpiece-flags", {"tokenizer_class": "PreTrainedTokenizerFast", "added_tokens_decoder": {
        "435": {**TOKEN, "content": "LEFT", "lstrip": False, "special": False}, "439": {**TOKEN, "content": "[E1]"}}})
    yield case("wordpiece-flags: as BERT", "wordpiece-flags", bert())
    for base in ("bpe", "bpe-files"):
        yield case(f"{base}: class alone", base, roberta())
        yield case(f"{base}: prefix space", base, roberta(add_prefix_space=True))
        yield case(f"{base}: cut left", base, roberta(truncation_side="left"), max_len=10)
        yield case(f"{base}: types asked for", base, roberta(model_input_names=["input_ids", "token_type_ids", "attention_mask"]))
        yield case(f"{base}: added_tokens.json", base, roberta(), added_tokens={"<e1>": 794, "</e1>": 795})
        yield case(f"{base}: mask does not strip", base, roberta(), special_tokens_map={"mask_token": {**TOKEN, "content": "<mask>"}})
    yield case("bpe: BERT's template under RoBERTa's class", "bpe", roberta(), tokenizer=with_part("bpe", post_processor=B_ONE))
    yield case("bpe: BERT's template, no class", "bpe", {"tokenizer_class": "PreTrainedTokenizerFast"}, tokenizer=with_part("bpe", post_processor=B_ONE))
    yield case("bpe: tokenizer.json cuts left", "bpe", roberta(), max_len=10, tokenizer=with_part(
        "bpe", truncation={"direction": "Left", "max_length": 20, "strategy": "LongestFirst", "stride": 0}))
    for base, config in (("unigram", xlmr), ("unigram-camembert", camembert)):
        yield case(f"{base}: class alone", base, config())
        yield case(f"{base}: old name of the class", base, {"tokenizer_class": config()["tokenizer_class"] + "Fast"})
        yield case(f"{base}: no prefix space", base, config(add_prefix_space=False))
        yield case(f"{base}: cut left", base, config(truncation_side="left"), max_len=10)
        yield case(f"{base}: types asked for", base, config(model_input_names=["input_ids", "token_type_ids", "attention_mask"]))
        yield case(f"{base}: other separators", base, config(cls_token="<pad>", sep_token="<mask>"))
        yield case(f"{base}: other ends", base, config(bos_token="<pad>", eos_token="<mask>", add_bos_token=True))
        yield case(f"{base}: other unknown", base, config(unk_token="<mask>"))
        yield case(f"{base}: added_tokens_decoder", base, config(added_tokens_decoder={
            "3": {**TOKEN, "content": "<unk>"}, "250": {**TOKEN, "content": "<e1>", "rstrip": True}, "251": {**TOKEN, "content": "Café", "normalized": True, "special": False}}))
        yield case(f"{base}: mask of its own", base, config(mask_token="[MASK]"))
        yield case(f"{base}: mask of its own with flags", base, config(), special_tokens_map={"mask_token": {**TOKEN, "content": "[MASK]", "lstrip": False}})
        yield case(f"{base}: special tokens without ids", base, config(additional_special_tokens=["[E1]", "[/E1]"]))
        yield case(f"{base}: no class of its own", base, {"tokenizer_class": "PreTrainedTokenizerFast"})
        yield case(f"{base}: no class of its own, added", base, {"tokenizer_class": "PreTrainedTokenizerFast"}, added_tokens={"[E1]": 260})
    yield case("unigram: model type in config.json", "unigram", model={"model_type": "xlm-roberta"})
    yield case("unigram: as CamemBERT", "unigram", model={"model_type": "camembert"})
    yield case("unigram-camembert: model type in config.json", "unigram-camembert", model={"model_type": "camembert"})
    yield case("unigram-camembert: as XLM-RoBERTa", "unigram-camembert", xlmr())
    yield case("unigram: as RoBERTa", "unigram", roberta(), refused="needs a model of type BPE, the vocabulary's is Unigram")
    yield case("bpe: as XLM-RoBERTa", "bpe", xlmr(), refused="needs a model of type Unigram")
    yield case("Japanese", "wordpiece-files", {"tokenizer_class": "BertJapaneseTokenizer"}, refused="BertJapaneseTokenizer")
    yield case("code of its own", "wordpiece", bert(auto_map={"AutoTokenizer": ["t.T", None]}), refused="auto_map")
    yield case("null for lower case", "wordpiece", bert(do_lower_case=None), refused="do_lower_case: is null")
    yield case("text for lower case", "wordpiece", bert(do_lower_case="no"), refused="do_lower_case")
    yield case("side unknown", "wordpiece", bert(truncation_side="middle"), refused="truncation_side")
    yield case("special tokens split", "wordpiece", bert(split_special_tokens=True), refused="split_special_tokens")
    yield case("class of another model", "bpe", bert(), refused="WordPiece")
    yield case("model type unknown", "wordpiece", model={"model_type": "nystromformer"}, refused="nystromformer")
    yield case("class without a model, vocab.txt", "wordpiece-files", {"tokenizer_class": "PreTrainedTokenizerFast"}, refused="tokenizer.json")


def main():
    out = []
    for c in cases():
        if "model.json" in c["files"]:
            c["files"]["config.json"] = c["files"].pop("model.json")
        if "refused" not in c:
            c["answers"] = answers(c)
            assert isinstance(c["answers"], list), (c["name"], c["answers"])
        out.append(c)
    lines = ",\n".join(json.dumps(c, ensure_ascii=False) for c in out)
    text = f'{{"texts": {json.dumps(TEXTS, ensure_ascii=False)},\n"cases": [\n{lines}\n]}}\n'
    (HERE / "folders.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
