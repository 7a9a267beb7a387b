(function () {
  var text = document.getElementById("lpft-find"), dataset = document.getElementById("lpft-dataset"), method = document.getElementById("lpft-method");
  function show(element, yes) { element.classList.toggle("hidden", !yes); }
  function filter() {
    var words = text.value.toLowerCase().split(/\s+/).filter(Boolean), shown = 0;
    document.querySelectorAll("section[data-item]").forEach(function (item) {
      var about = item.dataset.item.toLowerCase(), named = words.every(function (w) { return about.includes(w); });
      var rows = item.querySelectorAll("tr[data-row]"), left = 0;
      rows.forEach(function (row) {
        var content = about + " " + row.textContent.toLowerCase();
        var yes = (!dataset.value || row.dataset.dataset === dataset.value) && (!method.value || row.dataset.method === method.value || row.dataset.method === "all") &&
          words.every(function (w) { return content.includes(w); });
        show(row, yes);
        left += yes ? 1 : 0;
      });
      var yes = left > 0 || (named && (rows.length === 0 ? !dataset.value && !method.value : false));
      show(item, yes);
      shown += yes ? 1 : 0;
    });
    show(document.getElementById("lpft-nothing"), shown === 0 && document.querySelector("section[data-item]") !== null);
  }
  [text, dataset, method].forEach(function (e) { e.addEventListener("input", filter); });
  document.getElementById("lpft-reset").addEventListener("click", function () { text.value = dataset.value = method.value = ""; filter(); });
})();
