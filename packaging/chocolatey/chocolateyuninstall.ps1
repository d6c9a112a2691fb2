$ErrorActionPreference = 'Stop'
Uninstall-BinFile -Name 'nets'
